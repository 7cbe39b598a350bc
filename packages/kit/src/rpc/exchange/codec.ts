import type { RelaisError } from '../../errors/relais-error.js';
import type { IdentifiedPart } from './parts-lane.js';

/** One question as it leaves. */
export interface OutgoingQuestion<Question> {
  /** uint32, unique among the unanswered questions of the exchange. */
  readonly id: number;
  readonly question: Question;
  /** What is left of the caller's budget as the frame is made, milliseconds. */
  readonly budgetMs: number;
  /** W3C traceparent of the caller's span; absent when nothing traces. */
  readonly traceparent: string | undefined;
}

/** More of an answer's parts may be sent. */
export interface IdentifiedCredit {
  readonly id: number;
  readonly bytes: number;
}

/** How the asking side reads and writes its frames. Pure functions. */
export interface AskingCodec<Question, Answer, Out, In, Part = never> {
  /** Packs questions, and the ids of questions whose answer is no longer wanted. Either may be empty. */
  wrap(questions: readonly OutgoingQuestion<Question>[], cancelIds: readonly number[]): Out;
  unwrap(frame: In): readonly IdentifiedAnswer<Answer>[];
  /** Whether an answer only says that the peer is going away and has not taken the question: the next link is asked. */
  isLeaving(answer: Answer): boolean;
  /** Rough size on the wire, bytes; frames are cut by it. */
  sizeOf(question: Question): number;
  /** Absent: answers come whole. A question that wants its answer in parts says so itself, with its window. */
  readonly parts?: {
    unwrap(frame: In): readonly IdentifiedPart<Part>[];
    /** What a part uses up of the credit. */
    costOf(part: Part): number;
    wrapCredits(credits: readonly IdentifiedCredit[]): Out;
  };
}

export interface IdentifiedAnswer<Answer> {
  readonly id: number;
  readonly answer: Answer;
}

/** One question as it arrives. */
export interface IncomingQuestion<Question> {
  readonly id: number;
  readonly question: Question;
  readonly budgetMs: number;
  readonly traceparent?: string | undefined;
}

/** How the answering side reads and writes its frames. Pure functions. */
export interface AnsweringCodec<Question, Answer, Out, In, Part = never> {
  unwrap(frame: In): {
    readonly questions: readonly IncomingQuestion<Question>[];
    readonly cancelIds: readonly number[];
  };
  /** Packs answers; the id is the asker's, whatever id the answer itself may hold. */
  wrap(answers: readonly IdentifiedAnswer<Answer>[]): Out;
  /** The answer that stands for a failure. */
  failure(id: number, error: RelaisError): Answer;
  /** Rough size on the wire, bytes; frames are cut by it. */
  sizeOf(answer: Answer): number;
  /** Absent: answers go whole. */
  readonly parts?: {
    /** Credit a question begins with for the parts of its answer; 0: it wants it whole. */
    windowOf(question: Question): number;
    unwrapCredits(frame: In): readonly IdentifiedCredit[];
    wrap(parts: readonly IdentifiedPart<Part>[]): Out;
    /** Rough size on the wire, bytes. */
    sizeOf(part: Part): number;
  };
}
