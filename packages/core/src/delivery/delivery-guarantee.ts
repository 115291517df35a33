/** What a producer and a consumer together promise. The simulator tests it by the scenario `delivery`. */
export const deliveryGuarantee: {
  readonly acknowledged: string
  readonly repeatsWhen: string
  readonly losesWhen: string
} = {
  acknowledged: "The consumer's target has handled it, after all that the producer was given before it.",
  repeatsWhen:
    'The target failed or took too long, or the consumer itself restarted or was replaced: what was not confirmed by then is handled again.',
  losesWhen: 'The log of the producer is lost with what was not confirmed; or the target failed maxAttempts times.',
}
