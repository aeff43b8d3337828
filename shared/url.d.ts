/* What shared/ uses of URL, which every environment has; client and server see the type of their own. */
declare class URL {
  constructor(url: string | URL, base?: string | URL);
  readonly href: string;
  readonly origin: string;
  pathname: string;
  search: string;
  hash: string;
  username: string;
  password: string;
}
