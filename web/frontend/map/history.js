// What was changed, by whom, when and why.

export function wireHistory(context) {
  void context;
}
