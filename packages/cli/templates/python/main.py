import json


def handler(event, context):
    """Called with the parsed payload; stays warm between calls. What it prints is its log."""
    print("invocation", context.invocationId)
    return f"Hello from Python! You sent: {json.dumps(event)}\n"
