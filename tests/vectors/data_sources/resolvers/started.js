import { util } from '@aws-appsync/utils';

export function request(ctx) {
  return { operation: 'Invoke', payload: { what: 'allow' } };
}

export function response(ctx) {
  if (ctx.error || ctx.result.by !== 'echo') {
    util.unauthorized();
  }
  return null;
}
