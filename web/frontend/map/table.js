// The table of what the map shows, linked with it.

export function wireTable(context) {
  void context;
}
