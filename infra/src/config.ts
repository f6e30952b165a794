/** @returns where the template goes when nobody else says so; the CDK's CLI does, in the environment. */
export function fallbackOutdir(
  outdir: string,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  return environment.CDK_OUTDIR === undefined ? outdir : undefined;
}
