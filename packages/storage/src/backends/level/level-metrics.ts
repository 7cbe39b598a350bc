import type { MetricRegistry, Reading } from '@relais/kit';

const levels = 7;
const bytesPerMebibyte = 1024 * 1024;

/** Registers what LevelDB says of itself. `property` gives one of its properties, empty while it is closed. */
export function addLevelMetrics(metrics: MetricRegistry, property: (name: string) => string): void {
  metrics.gauge('relais_leveldb_memory_bytes', 'Memory LevelDB uses, roughly.', () =>
    Number(property('leveldb.approximate-memory-usage')),
  );
  metrics.read('gauge', 'relais_leveldb_files', 'Table files by level.', ['level'], () =>
    Array.from(
      { length: levels },
      (_, level): Reading => [String(level), Number(property(`leveldb.num-files-at-level${level}`))],
    ),
  );
  const compaction = (column: number) => () => compactionSum(property('leveldb.stats'), column);
  metrics.gauge('relais_leveldb_table_bytes', 'Size of all table files.', () => compaction(2)() * bytesPerMebibyte);
  metrics.read('counter', 'relais_leveldb_compaction_seconds_total', 'Time spent compacting.', [], () => [
    [compaction(3)()],
  ]);
  metrics.read('counter', 'relais_leveldb_compaction_written_bytes_total', 'Bytes compactions wrote.', [], () => [
    [compaction(5)() * bytesPerMebibyte],
  ]);
}

/** Sum of one column over the levels of LevelDB's table: level, files, size, time, read, written. */
function compactionSum(stats: string, column: number): number {
  let sum = 0;
  for (const line of stats.split('\n')) {
    const cells = line.trim().split(/\s+/);
    if (cells.length === 6 && /^\d+$/.test(cells[0] ?? '')) sum += Number(cells[column]) || 0;
  }
  return sum;
}
