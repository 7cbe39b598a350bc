# Greets by name: {"name":"Ada"} gives "Hello, Ada!".
def handler(event, context):
    name = event.get("name", "world") if isinstance(event, dict) else "world"
    return f"Hello, {name}!"
