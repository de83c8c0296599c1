// The backgrounds that the administrator configured.

export function wireBackgrounds(context) {
  void context;
}
