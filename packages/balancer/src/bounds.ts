/** Every bound of the balancer. What happens at a bound is said beside it. */
export interface BalancerBounds {
  /**
   * Jobs that may wait for one function (of builds: for one caller's in one language) however long that takes; one more is
   * resource_exhausted, reason queue_full. Up to longerFactor times as many where they leave within queueWaitTargetMs, or nothing tells.
   * Jobs that come back unstarted from a lost worker were admitted before and are not counted again.
   */
  readonly queueLengthMax: number;
  /**
   * When even the luckiest job of a function has waited this long for as long, its queue stands: fewer may wait, by
   * WaitLimit; one more is resource_exhausted, reason overloaded.
   */
  readonly queueWaitTargetMs: number;
  /** Unanswered jobs in all, waiting or running; one more is resource_exhausted, reason queue_full. */
  readonly jobsMax: number;
  /** Payloads and sources of all unanswered jobs; beyond it resource_exhausted, reason queue_full. */
  readonly payloadBytesMax: number;
  /** A longer time budget is cut to this. */
  readonly budgetMsMax: number;
  /** Functions remembered with their run-time estimate; the longest unused one is forgotten. */
  readonly functionsMax: number;
  /** Attached workers; one more is turned away. */
  readonly workersMax: number;
  /** Credit of one worker; a larger one is cut to this. */
  readonly slotsMax: number;
  /** A link without hello is closed after this long. */
  readonly helloMs: number;
  /** A job no attached worker can do waits this long for one, then it is unavailable, reason no_worker. */
  readonly workerWaitMs: number;
  /**
   * The same where there has been such a worker, or the balancer itself is younger than this: it is being replaced or dials
   * again, and a machine under load takes its time for that.
   */
  readonly workerReturnMs: number;
  /** Estimated work that may be outstanding on a worker that runs its calls one after the other. */
  readonly workAheadMs: number;
  /** A job kept waiting this long by shorter ones gets a worker kept free for it. */
  readonly reserveAfterMs: number;
  /** A call that is overdue, or whose caller has gone, may hold an inline worker this long; then the worker is killed. */
  readonly inlineGraceMs: number;
  /** An overdue job may hold a worker that runs it in a process, which it stops itself, this long; then the worker is killed. */
  readonly processGraceMs: number;
  /**
   * Inline workers whose loop has a call and has given no result for this long count as stalled: they get nothing beside it
   * either, and when calls wait for no other, one more is started.
   */
  readonly stalledMs: number;
  /** An order for a worker that no supervisor has obeyed within this is given again. */
  readonly orderAnswerMs: number;
  /** Workers that were ordered are drained when fewer would have done for this long. */
  readonly workerIdleMs: number;
  /** How often a worker with nothing to say is heard. Three times as long in silence, and it is killed as hung. */
  readonly heartbeatMs: number;
  /** Platform errors in a row after which a worker is given nothing for a while. */
  readonly ejectAfterErrors: number;
  /** So is one whose calls take this many times as long as on the others that run the same languages. */
  readonly slowFactor: number;
  /** How long the first ejection lasts; the n-th lasts n times as long. Of workers that can do one thing at most half are out. */
  readonly ejectMs: number;
  /** Back in rotation, a worker has all its slots only after this long. */
  readonly slowStartMs: number;
  /** A lost worker's exit report is waited for this long; without it all its jobs count as begun. */
  readonly exitReportMs: number;
  /** Times an unstarted job moves on from a lost worker; then it is unavailable, reason worker_lost. */
  readonly movesMax: number;
  /** Times a job that had begun on a lost worker is run again, when that does no harm; then it is worker_lost. */
  readonly retriesMax: number;
  /** Retries for each admitted job: a fleet that fails is not asked much more than one that does not. */
  readonly retryShare: number;
  /** Retries that may be saved up, and that are there at the start; without one left the job is worker_lost. */
  readonly retriesSavedMax: number;
  /** Pause before the first retry; doubled for the next, half of it by chance. */
  readonly retryPauseMs: number;
}

/** A queue may be so many times over its length: who is refused mostly asks again at once, which costs more than waiting a little does. */
export const longerFactor = 16;

export const defaultBalancerBounds: BalancerBounds = {
  queueLengthMax: 256,
  queueWaitTargetMs: 1000,
  jobsMax: 20_000,
  payloadBytesMax: 256 * 1024 * 1024,
  budgetMsMax: 900_000,
  functionsMax: 10_000,
  workersMax: 10_000,
  slotsMax: 1024,
  helloMs: 5000,
  workerWaitMs: 2000,
  workerReturnMs: 30_000,
  workAheadMs: 10,
  reserveAfterMs: 20,
  inlineGraceMs: 200,
  processGraceMs: 2000,
  stalledMs: 250,
  orderAnswerMs: 5000,
  workerIdleMs: 60_000,
  heartbeatMs: 1000,
  ejectAfterErrors: 5,
  slowFactor: 3,
  ejectMs: 5000,
  slowStartMs: 10_000,
  exitReportMs: 500,
  movesMax: 3,
  retriesMax: 2,
  retryShare: 0.1,
  retriesSavedMax: 100,
  retryPauseMs: 50,
};
