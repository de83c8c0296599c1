"""Problems with products: what buyers report, and the inbox of those who look into it.

Anybody reports at `/bao-cao`, without an account and without JavaScript, and keeps a ticket; its
page says what became of it and shows nobody's data. Officers find everything doubtful in one inbox,
`/canh-bao`: buyers' reports, scans that do not fit, links that died. Producers see there what
concerns their own products, never how to reach a reporter.

* `form.py`: the buyer's form and the page of a ticket
* `inbox.py`: the inbox, one case, what is done about it
* `api.py`: the same for programs: `/api/v1/reports`
* `asked.py`: which product a code stands for; what a form or a document says
* `words.py`: the words for kinds, states, steps, reasons
"""
