import pytest

from web.codes.visitors import is_program, is_scan

CHROME = "Mozilla/5.0 (Linux; Android 12; wv) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_3 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"

PROGRAMS = [
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; coccocbot-web/1.0; +http://help.coccoc.com/searchengine)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0)",
    "Mozilla/5.0 (compatible; Yahoo! Slurp)",
    "Mozilla/5.0 (Macintosh) Safari/601 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "meta-externalagent/1.1",
    "Twitterbot/1.0",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0",
    "Slack-ImgProxy 1.19",
    "WhatsApp/2.23.20.0 A",
    "Viber/13.0",
    "SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (compatible; Discordbot/2.0)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0)",
    "Zalo/1.0",
    "ZaloBot",
    "Mozilla/5.0 (compatible; GPTBot/1.1)",
    "UptimeRobot/2.0",
    "WhatsApp",
    "kakaotalk-scrap/1.0",
    "heritrix/3.1",
]
PEOPLE = [
    CHROME + " Mobile Safari/537.36",
    CHROME + " Mobile Safari/537.36 Zalo android/12100625 ZaloTheme/light ZaloLanguage/vi",
    IPHONE + " Zalo iOS/470 ZaloTheme/light ZaloLanguage/vn",
    IPHONE + " [FBAN/FBIOS;FBAV/450.0;FBBV/1;FBDV/iPhone14,5]",
    CHROME + " [FB_IAB/Orca-Android;FBAV/400.0]",
    "Mozilla/5.0 (Linux; Android 9; CUBOT_X18_Plus) AppleWebKit/537.36 Chrome/120 Mobile",
    CHROME + " coc_coc_browser/120",
    CHROME + " Telegram-Android/10.2 (Samsung)",
    "okhttp/4.9.2",
    "",
]


@pytest.mark.parametrize("agent", PROGRAMS)
def test_programs_that_look_at_links_are_no_scans(agent):
    assert is_program(agent)


@pytest.mark.parametrize("agent", PEOPLE)
def test_people_are_scans_whatever_app_they_scan_with(agent):
    assert not is_program(agent)


@pytest.mark.parametrize(
    "header",
    [
        {"Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"X-Moz": "prefetch"},
        {"X-Purpose": "preview"},
        {"Sec-Purpose": "prefetch;anonymous-client-ip"},
        # A picture or a frame of somebody's page that leads to a code.
        {"Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Dest": "iframe"},
    ],
)
def test_what_a_browser_fetches_ahead_is_no_scan(header):
    assert not is_scan({"User-Agent": CHROME, **header})
    assert is_scan({"User-Agent": CHROME, "Sec-Fetch-Dest": "document"})
