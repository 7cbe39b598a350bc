// Turns an order into an invoice: {"customer":"Ada","lines":[{"item":"nut","count":4,"cents":50}],"vatPercent":19}
interface Line {
  readonly item: string;
  readonly count: number;
  readonly cents: number;
}

interface Order {
  readonly customer: string;
  readonly lines: readonly Line[];
  readonly vatPercent?: number;
}

const money = (cents: number): string => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;

export default ({ customer, lines, vatPercent = 0 }: Order) => {
  const net = lines.reduce((sum, { cents, count }) => sum + cents * count, 0);
  const vat = Math.round((net * vatPercent) / 100);
  return {
    customer,
    lines: lines.map(({ cents, count, item }) => ({ item, count, sum: money(cents * count) })),
    net: money(net),
    vat: money(vat),
    total: money(net + vat),
  };
};
