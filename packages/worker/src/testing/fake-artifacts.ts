import {
  type ArtifactServiceService,
  FunctionVersion,
  type GetVersionRequest,
  type GetVersionResponse,
} from '@relais/contracts';
import { type CallContext, RelaisError, type ServiceOf } from '@relais/kit';

/** Storage's door for workers over a list of versions in memory. Ids are taken as "LANG/NAME". */
export class FakeArtifacts implements ServiceOf<typeof ArtifactServiceService> {
  fetches = 0;
  /** Called within each fetch. */
  onFetch: (context: CallContext) => void = () => {};
  /** A fetch is not answered before it is given up. */
  hangs = false;
  /** When set, the next fetch is refused with it. */
  refusal: RelaisError | undefined;

  async getVersion({ id }: GetVersionRequest, context: CallContext): Promise<GetVersionResponse> {
    this.fetches++;
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal) throw refusal;
    if (this.hangs) await givenUp(context);
    const lang = id.split('/')[0] ?? '';
    this.onFetch(context);
    return { version: FunctionVersion.create({ id, name: id, lang }), artifact: Buffer.from('artifact') };
  }
}

function givenUp({ signal }: CallContext): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(new RelaisError('cancelled', 'It is no longer wanted.')));
  });
}
