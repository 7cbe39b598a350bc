/** Release of this platform. */
export const releaseVersion = '0.1.0';
