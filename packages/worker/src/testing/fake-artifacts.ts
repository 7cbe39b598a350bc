import {
  type ArtifactServiceService,
  FunctionVersion,
  type GetArtifactResponse,
  type GetVersionRequest,
  type GetVersionResponse,
} from '@relais/contracts';
import type { RelaisError, ServiceOf } from '@relais/kit';

/** Storage's door for workers over a list of versions in memory. Ids are taken as "LANG/NAME". */
export class FakeArtifacts implements ServiceOf<typeof ArtifactServiceService> {
  fetches = 0;
  /** Called within each fetch of an artifact. */
  onFetch = () => {};
  /** When set, the next fetch is refused with it. */
  refusal: RelaisError | undefined;

  async getVersion({ id }: GetVersionRequest): Promise<GetVersionResponse> {
    this.fetches++;
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal) throw refusal;
    const lang = id.split('/')[0] ?? '';
    return { version: FunctionVersion.create({ id, name: id, lang, artifactDigest: id }) };
  }

  async getArtifact(): Promise<GetArtifactResponse> {
    this.onFetch();
    return { content: Buffer.from('artifact') };
  }
}
