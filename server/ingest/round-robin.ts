/** One batch that waits. */
export interface Waiting {
  /** What it takes of the store's time, in events; at least 1. */
  readonly cost: number;
  readonly agency: string;
  readonly collector: string;
}

/** Something that is served in turn: the batches of a collector, or the collectors of an agency. */
interface Flow {
  deficit: number;
  /** Of the batch that would be next. */
  headCost(): number;
}

class CollectorFlow<T extends Waiting> implements Flow {
  readonly name: string;
  readonly items: T[] = [];
  deficit: number;
  cost = 0;

  constructor(name: string, deficit: number) {
    this.name = name;
    this.deficit = deficit;
  }

  headCost(): number {
    return this.items[0]?.cost ?? 0;
  }
}

class AgencyFlow<T extends Waiting> implements Flow {
  readonly name: string;
  readonly flows: CollectorFlow<T>[] = [];
  readonly #quantum: number;
  deficit: number;
  cost = 0;

  constructor(name: string, quantum: number) {
    this.name = name;
    this.#quantum = quantum;
    this.deficit = quantum;
  }

  /** The collector whose turn it is; asked twice it is the same. */
  next(): CollectorFlow<T> {
    return turnOf(this.flows, this.#quantum);
  }

  headCost(): number {
    return this.next().headCost();
  }
}

/**
 * Deficit round robin (Shreedhar and Varghese, 1995) in two levels: agencies, and within each its collectors. Each visit
 * lets a flow spend as many events as the quantum has, so that who sends more, or in larger batches, or over more
 * connections, is served no more often than the others. Batches of one collector stay in order.
 */
export class RoundRobin<T extends Waiting> {
  readonly #quantum: number;
  readonly #agencies: AgencyFlow<T>[] = [];
  readonly #byAgency = new Map<string, AgencyFlow<T>>();
  #size = 0;

  /** `quantum`: events that a flow may spend at each visit. */
  constructor(quantum: number) {
    this.#quantum = quantum;
  }

  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    let agency = this.#byAgency.get(item.agency);
    if (!agency) {
      agency = new AgencyFlow(item.agency, this.#quantum);
      this.#byAgency.set(item.agency, agency);
      this.#agencies.push(agency);
    }
    let flow = agency.flows.find(({ name }) => name === item.collector);
    if (!flow) {
      flow = new CollectorFlow(item.collector, this.#quantum);
      agency.flows.push(flow);
    }
    flow.items.push(item);
    flow.cost += item.cost;
    agency.cost += item.cost;
    this.#size++;
  }

  /** Takes the batch whose turn it is; undefined where none waits. */
  take(): T | undefined {
    if (this.#size === 0) return undefined;
    const agency = turnOf(this.#agencies, this.#quantum);
    const flow = agency.next();
    const item = flow.items.shift() as T;
    flow.deficit -= item.cost;
    agency.deficit -= item.cost;
    this.#forget(agency, flow, item);
    return item;
  }

  /** Takes out the batch that came last of the collector that keeps most waiting, of the agency that keeps most waiting. */
  takeFromLongest(): T | undefined {
    const agency = longest(this.#agencies);
    const flow = agency && longest(agency.flows);
    const item = flow?.items.pop();
    if (agency && flow && item) this.#forget(agency, flow, item);
    return item;
  }

  #forget(agency: AgencyFlow<T>, flow: CollectorFlow<T>, { cost }: T): void {
    this.#size--;
    flow.cost -= cost;
    agency.cost -= cost;
    // What is empty keeps no credit: who comes back stands at the end again.
    if (flow.items.length === 0) agency.flows.splice(agency.flows.indexOf(flow), 1);
    if (agency.flows.length > 0) return;
    this.#agencies.splice(this.#agencies.indexOf(agency), 1);
    this.#byAgency.delete(agency.name);
  }
}

/** Turns the ring until its first flow may spend what its next batch costs; as often as that cost has quanta, at most. */
function turnOf<F extends Flow>(ring: F[], quantum: number): F {
  for (;;) {
    const first = ring[0] as F;
    if (first.deficit >= first.headCost()) return first;
    first.deficit += quantum;
    ring.push(ring.shift() as F);
  }
}

function longest<F extends { readonly cost: number }>(flows: readonly F[]): F | undefined {
  let most: F | undefined;
  for (const flow of flows) if (!most || flow.cost > most.cost) most = flow;
  return most;
}
