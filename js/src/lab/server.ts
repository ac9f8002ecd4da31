/** Questions to the Jupyter server's extension. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { ErrorInfo } from '../contract/types.gen';
import type { FetchJson } from '../rpc/http';
import { RequestError } from '../rpc/source';

const NO_EXTENSION: ErrorInfo = {
  code: 'no_extension',
  message: 'The Jupyter server does not know hanalife.',
  hint: 'Install hanalife in the environment that runs JupyterLab and start it again.'
};

/** So many answers are kept to be given again when the server says that nothing changed. */
const KEPT = 20;

/** Asks about the database of a connection; the name of the default one is empty. */
export function fetcher(settings: ServerConnection.ISettings, connection = ''): FetchJson {
  const kept = new Map<string, { tag: string; value: unknown }>();
  const query = connection ? URLExt.objectToQueryString({ connection }) : '';
  return async (path, body) => {
    const url = URLExt.join(settings.baseUrl, 'hanalife', 'api', path) + query;
    const known = body ? undefined : kept.get(path);
    const init = body ? { method: 'POST', body: JSON.stringify(body) } : known ? { headers: { 'If-None-Match': known.tag } } : {};
    const response = await ServerConnection.makeRequest(url, init, settings);
    if (response.status === 304 && known) return known.value;
    if (!response.ok) throw await failure(response);
    const value: unknown = await response.json();
    const tag = response.headers.get('Etag');
    if (tag && !body) keep(kept, path, { tag, value });
    return value;
  };
}

function keep<V>(kept: Map<string, V>, key: string, value: V): void {
  kept.delete(key); // the newest come last
  kept.set(key, value);
  for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT))) kept.delete(oldest);
}

async function failure(response: Response): Promise<Error> {
  const failed: { error?: ErrorInfo } = await response.json().catch(() => ({}));
  if (failed.error) return new RequestError(failed.error);
  if (response.status === 404) return new RequestError(NO_EXTENSION);
  return new Error(`The Jupyter server answered ${response.status} ${response.statusText}.`);
}
