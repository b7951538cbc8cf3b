import { echo } from '@example/shared/echo';

const handle = (request: Request) => echo('admin', request);

export { handle as GET, handle as POST, handle as PUT, handle as DELETE };
