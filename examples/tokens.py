# A token stream: what a language model would say, one word at a time. A generator's values leave as they are made.
#   curl -X POST 'http://127.0.0.1:8080/deploy?name=tokens&lang=python' --data-binary @examples/tokens.py
#   curl -N -d 'what streams?' http://127.0.0.1:8080/fn/tokens
#   curl -N -H 'accept: text/event-stream' -d 'what streams?' http://127.0.0.1:8080/fn/tokens
import asyncio

ANSWER = "Rivers do, and now and then a function: it says each word when it knows it, and waits when nobody listens."


async def handler(event, context):
    yield f"You asked: {event}\n"
    for word in ANSWER.split():
        await asyncio.sleep(0.05)
        yield word + " "
    yield "\n"
