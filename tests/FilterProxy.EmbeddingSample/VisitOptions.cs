using System.ComponentModel.DataAnnotations;

namespace FilterProxy.EmbeddingSample;

/// <summary>Options of <c>visits</c>.</summary>
public sealed record VisitOptions
{
    /// <summary>The request header that gets the number.</summary>
    [MinLength(1)]
    public string Header { get; init; } = "x-visit-number";
}
