using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>
/// A second attempt on another endpoint beside one that has no answer yet: who answers first is the client's, the other is broken off. For GET,
/// HEAD, OPTIONS and TRACE without a body, where the policy's <c>methods</c> have them. Counts as a retry. At least one of after and
/// after_percentile.
/// </summary>
internal sealed record HedgeConfig
{
    /// <summary>
    /// Percent of the answers of the last 30s; a request that has waited longer than those took is sent again. Takes 100 answers to be known.
    /// Default: 0, goes by after alone.
    /// </summary>
    [Range(0, 99.99, ErrorMessage = "must be between 0 and 99.99")]
    public double AfterPercentile { get; init; }

    /// <summary>Duration a request has waited since it was sent; with a percentile it holds until that is known. Default: off.</summary>
    public TimeSpan After { get; init; }

    /// <summary>Duration that is waited at the least, whatever the percentile is. Default: 2ms.</summary>
    public TimeSpan MinDelay { get; init; } = TimeSpan.FromMilliseconds(2);
}
