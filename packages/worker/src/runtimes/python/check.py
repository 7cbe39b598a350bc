"""Compiles a source given on standard input, or the files of a directory, without running them.

Says as JSON what the entry is, or where which file is wrong.
"""
import ast
import json
import os
import sys


def names_of(statement):
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return [statement.name]
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name for alias in statement.names]
    if isinstance(statement, ast.Assign):
        return [node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    return []


def check(source, filename):
    try:
        tree = ast.parse(source, filename)
        compile(tree, filename, "exec", dont_inherit=True)
    except SyntaxError as error:
        return wrong(filename, error.lineno, error.offset, error, error.msg)
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return wrong(filename, 0, 0, error, error)
    return {"handler": any("handler" in names_of(statement) for statement in tree.body)}


def wrong(filename, line, column, error, message):
    text = "%s: %s" % (type(error).__name__, message)
    return {"file": filename, "line": max(line or 0, 0), "column": max(column or 0, 0), "message": text}


def check_file(directory, filename):
    with open(os.path.join(directory, filename), "rb") as file:
        return check(file.read(), filename)


def python_files(directory):
    for folder, folders, names in os.walk(directory):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".py"):
                yield os.path.relpath(os.path.join(folder, name), directory)


def check_all(directory, entry):
    verdict = check_file(directory, entry)
    others = (check_file(directory, name) for name in python_files(directory) if name != entry)
    return verdict if "message" in verdict else next((other for other in others if "message" in other), verdict)


entry = sys.argv[1]
json.dump(check_all(sys.argv[2], entry) if sys.argv[2:] else check(sys.stdin.buffer.read(), entry), sys.stdout)
