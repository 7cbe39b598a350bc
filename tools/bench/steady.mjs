import { compareAtRates, rateThatCanBeTold } from './rounds.mjs';

const shareOfPeak = 0.7;
/** Times the echo's p99. */
const wanted = 5;

/**
 * Echo and Relais when they are called at random times: each at 70 % of the most it answered in this run, the echo at the
 * highest rate below that which the injector can tell of, and at the rate of Relais too, which is the stricter comparison.
 */
export async function compareSteady([echo, relais], [echoPeak, relaisPeak], { roundMs, rounds }) {
  const echoRate = await rateThatCanBeTold(echo, echoPeak * shareOfPeak, roundMs);
  const relaisRate = relaisPeak * shareOfPeak;
  const scenarios = [
    { ...echo, rate: echoRate, peak: echoPeak },
    { ...relais, rate: relaisRate, peak: relaisPeak },
    { ...echo, rate: relaisRate, peak: echoPeak },
  ];
  const rows = await compareAtRates(scenarios, { roundMs, rounds });
  return rows.map((row, index) => ({ ...row, ofPeak: row.rate / scenarios[index].peak }));
}

/** The same as text: rows, ratios, and whether they are what is wanted. */
export function steadyText([own, relais, same]) {
  const head =
    'at random times   calls/s   of its peak    p50 ms    p99 ms   p99 from sending   late p99   injector busy';
  const lines = [own, relais, same].map((row) =>
    [
      row.name.padEnd(15),
      row.requestsPerSecond.toFixed(0).padStart(9),
      percent(row.ofPeak).padStart(13),
      ...[row.p50Ms, row.p99Ms].map((ms) => ms.toFixed(2).padStart(9)),
      row.sentP99Ms.toFixed(2).padStart(18),
      row.lateP99Ms.toFixed(2).padStart(10),
      percent(row.injectorBusy).padStart(15),
    ].join(' '),
  );
  const verdicts = [
    verdict(`each at its own rate (${percent(own.ofPeak)} and ${percent(relais.ofPeak)} of the peak)`, relais, own),
    verdict(`both at ${relais.rate.toFixed(0)} calls a second`, relais, same),
  ];
  return [head, ...lines, ...verdicts].join('\n');
}

/** Judged by the larger one: the injector's own delay is in both p99 from the intended start, and makes them more alike. */
function verdict(how, relais, echo) {
  const [times, sentTimes] = [relais.p99Ms / echo.p99Ms, relais.sentP99Ms / echo.sentP99Ms];
  const says = Math.max(times, sentTimes) <= wanted ? 'met' : 'missed';
  return `p99 ${how}: ${times.toFixed(1)} times the echo's, from sending ${sentTimes.toFixed(1)}; at most ${wanted} wanted: ${says}.`;
}

function percent(share) {
  return `${Math.round(share * 100)} %`;
}
