// Before any test: what worker threads and started programs load from dist/ is built from the sources of now.
import { setup } from './setup.mjs';

export default setup;
