import type { Credentials } from '../device/messages.ts';
import type { Identities, Identity, KeptFigures } from './identities.ts';
import type { RollCall } from './rollCall.ts';

/** The device that this tab is: taken from those that its browser keeps, or new once the server has given it an id. */
export class TabIdentity {
  readonly #identities: Identities;
  readonly #rollCall: RollCall;
  #resume: Credentials | null = null;

  constructor(identities: Identities, rollCall: RollCall) {
    this.#identities = identities;
    this.#rollCall = rollCall;
  }

  /** What it shows to keep its id; null where it has none yet. */
  get resume(): Credentials | null {
    return this.#resume;
  }

  /** Becomes a device that no other tab is [PG17]; null where it is to be a new one. */
  async take(): Promise<Identity | null> {
    // That of now, where there is one, is another tab's.
    const refused = this.#resume?.device;
    this.#resume = null;
    const free = this.#identities.candidates().filter(({ resume }) => resume.device !== refused);
    const device = await this.#rollCall.take(free.map(({ resume }) => resume.device));
    const taken = free.find(({ resume }) => resume.device === device) ?? null;
    this.#resume = taken?.resume ?? null;
    return taken;
  }

  /** The server has said which device this is. */
  given(resume: Credentials, figures: KeptFigures): void {
    const before = this.#resume?.device ?? null;
    this.#resume = resume;
    this.#rollCall.hold(resume.device);
    this.#identities.keep({ resume, figures }, before === resume.device ? null : before);
  }

  /** Keeps what this tab shows of its device [PG16]. */
  keep(figures: KeptFigures): void {
    if (this.#resume !== null) this.#identities.keep({ resume: this.#resume, figures });
  }
}
