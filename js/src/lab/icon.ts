import { LabIcon } from '@jupyterlab/ui-components';

export const icon = new LabIcon({
  name: 'hanalife:pulse',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16"><path class="jp-icon3 jp-icon-selectable" ' +
    'fill="#616161" d="M1 8.200h3.200l1.800-5.700 3 10.200 2-6.500 1 2h3v1.500h-4l-2 6.300-3-10-1.400 3.700H1z"/></svg>'
});
