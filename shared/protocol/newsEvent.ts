/** The event by which the page sends its opener, such as a swarm, the state of its worker; it is News. */
export const NEWS_EVENT = 'tabswarmNews';
