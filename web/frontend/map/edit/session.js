// The editing session.

export function wireEditor(context) {
  void context;
}
