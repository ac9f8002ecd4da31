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
  return async path => {
    const url = URLExt.join(settings.baseUrl, 'hanalife', 'api', path);
    const response = await ServerConnection.makeRequest(url, { cache: 'no-cache' }, settings);
    if (response.ok) return response.json();
    const body: { error?: ErrorInfo } = await response.json().catch(() => ({}));
    if (body.error) throw new RequestError(body.error);
    if (response.status === 404) throw new RequestError(NO_EXTENSION);
    throw new Error(`The Jupyter server answered ${response.status} ${response.statusText}.`);
  };
}
