/** The event by which the page tells whoever opened it, such as a swarm, what becomes of its worker; it is News. */
export const NEWS_EVENT = 'tabswarmNews';
