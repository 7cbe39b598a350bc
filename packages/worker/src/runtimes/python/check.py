"""Parses a source given on standard input without running it and says as JSON what it is or where it is wrong."""
import ast
import json
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
        return {"line": error.lineno or 0, "column": error.offset or 0, "message": "%s: %s" % (type(error).__name__, error.msg)}
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return {"line": 0, "column": 0, "message": "%s: %s" % (type(error).__name__, error)}
    return {"handler": any("handler" in names_of(statement) for statement in tree.body)}


json.dump(check(sys.stdin.buffer.read(), sys.argv[1]), sys.stdout)
