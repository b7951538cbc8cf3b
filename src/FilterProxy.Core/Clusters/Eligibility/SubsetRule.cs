namespace FilterProxy.Core.Clusters.Eligibility;

/// <summary>What a request gets that asks for a subset there is not, or for none.</summary>
internal enum SubsetFallback
{
    /// <summary>Any endpoint.</summary>
    Any,

    /// <summary>No endpoint: 503.</summary>
    None,
}

/// <summary>Groups a cluster's endpoints by labels; a request names its group.</summary>
/// <param name="Labels">The labels' names. The name of a group is their values with <c>/</c> between them.</param>
/// <param name="Key">The name of the request's group.</param>
/// <param name="Fallback">For requests that name no group, or one there is not.</param>
internal sealed record SubsetRule(IReadOnlyList<string> Labels, Template Key, SubsetFallback Fallback)
{
    /// <summary>The group of an endpoint; null for one without all of the labels.</summary>
    public string? NameOf(Endpoint endpoint)
    {
        var values = new string[Labels.Count];
        for (var i = 0; i < values.Length; i++)
        {
            if (!endpoint.Labels.TryGetValue(Labels[i], out values[i]!))
            {
                return null;
            }
        }

        return string.Join('/', values);
    }
}
