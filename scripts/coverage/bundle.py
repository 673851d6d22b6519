"""Puts a model file and what it imports from its own package into one file."""
import ast
import os


def bundle(path, package=None):
    """The text of one file that holds the file and, in front, every file of the package that it imports.

    `package` is the folder above the package, for absolute imports of it.
    """
    done, parts = set(), []

    def visit(file):
        file = os.path.abspath(file)
        if file in done:
            return
        done.add(file)
        with open(file) as opened:
            body = [kept for node in ast.parse(opened.read()).body for kept in statements(node, file)]
        parts.append(ast.unparse(ast.fix_missing_locations(ast.Module(body, []))))

    def statements(node, file):
        if isinstance(node, ast.ImportFrom):
            return [] if node.module == "__future__" else imports(node, file)
        if isinstance(node, ast.If) and "__main__" in ast.unparse(node.test):
            return []
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            return []
        return [node]

    def imports(node, file):
        """The import without what could be put in front, and the names that it gave other names."""
        if node.level:
            folder = os.path.dirname(file)
            for _ in range(node.level - 1):
                folder = os.path.dirname(folder)
            base = os.path.join(folder, *(node.module or "").split("."))
        elif package and node.module:
            base = os.path.join(package, *node.module.split("."))
        else:
            return [node]
        result = []
        for alias in node.names:
            inner = os.path.join(base, alias.name + ".py")
            if os.path.isfile(base.rstrip("/") + ".py"):
                visit(base.rstrip("/") + ".py")
            elif os.path.isfile(inner):
                visit(inner)
            else:
                result.append(ast.ImportFrom(node.module, [alias], node.level))
                continue
            if alias.asname:
                result += ast.parse(f"{alias.asname} = {alias.name}").body
        return result

    visit(path)
    return "\n\n".join(parts) + "\n"
