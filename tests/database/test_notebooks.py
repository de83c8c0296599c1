"""The notebooks run from beginning to end on the demo, without the internet, and hold no logic."""

import ast
import os
from datetime import date
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from etl.demo.loading import load_demo

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_three():
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_holds_no_logic_and_no_output(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None
            nodes = list(ast.walk(ast.parse(cell.source)))
            assert not any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in nodes)
            assert "SELECT" not in cell.source


@pytest.mark.long
def test_the_notebooks_run(clone, clone_sessions, tmp_path, monkeypatch):
    with clone_sessions.begin() as session:
        load_demo(session, date(2026, 11, 22), tmp_path / "files")
    for name in [name for name in os.environ if name.startswith("LANGBIANG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DATABASE_URL", clone)
    monkeypatch.setenv("LANGBIANG_HOME", str(tmp_path))
    monkeypatch.delenv("MPLBACKEND", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for path in NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(notebook, timeout=300, resources={"metadata": {"path": ROOT}}).execute()
        outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
        assert any("image/png" in out.get("data", {}) for out in outputs), path.stem
        complaints = [out.text for out in outputs if out.get("name") == "stderr"]
        assert not complaints, (path.stem, complaints)
