# Keeps a ledger for one call: [{"account":"rent","amount":"-850.10"}, …] gives the balance and that of each account, exact
# to the cent. Shows an async handler with sqlite3 in memory and decimal.
import asyncio
import decimal
import sqlite3

CENT = decimal.Decimal("0.01")


def cents(amount):
    try:
        return int(decimal.Decimal(str(amount)).quantize(CENT) * 100)
    except decimal.InvalidOperation:
        raise ValueError(f'"{amount}" is no amount') from None


def money(amount):
    return str((decimal.Decimal(amount or 0) / 100).quantize(CENT))


def post(database, entries):
    with database:
        database.execute("CREATE TABLE entry (account TEXT NOT NULL, cents INTEGER NOT NULL)")
        rows = [(entry["account"], cents(entry["amount"])) for entry in entries]
        database.executemany("INSERT INTO entry VALUES (?, ?)", rows)


async def query(database, sql):
    return await asyncio.to_thread(lambda: database.execute(sql).fetchall())


async def handler(event, context):
    database = sqlite3.connect(":memory:", check_same_thread=False)
    try:
        post(database, event)
        context.logger.info("%d entries", len(event))
        total, accounts = await asyncio.gather(
            query(database, "SELECT sum(cents) FROM entry"),
            query(database, "SELECT account, sum(cents) FROM entry GROUP BY account ORDER BY account"),
        )
    finally:
        database.close()
    return {
        "entries": len(event),
        "balance": money(total[0][0]),
        "accounts": {account: money(amount) for account, amount in accounts},
    }
