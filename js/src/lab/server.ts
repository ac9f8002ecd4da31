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

export function fetcher(settings: ServerConnection.ISettings): FetchJson {
  return async (path, body) => {
    const url = URLExt.join(settings.baseUrl, 'hanalife', 'api', path);
    const init: RequestInit = body ? { method: 'POST', body: JSON.stringify(body) } : { cache: 'no-cache' };
    const response = await ServerConnection.makeRequest(url, init, settings);
    if (response.ok) return response.json();
    const failed: { error?: ErrorInfo } = await response.json().catch(() => ({}));
    if (failed.error) throw new RequestError(failed.error);
    if (response.status === 404) throw new RequestError(NO_EXTENSION);
    throw new Error(`The Jupyter server answered ${response.status} ${response.statusText}.`);
  };
}
