using System.Collections.ObjectModel;
using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>An endpoint, written as its address alone or with the fields below.</summary>
internal sealed record EndpointConfig
{
    /// <summary>
    /// Where it is: <c>10.0.0.5:3002</c>, <c>app.internal:3002</c>, <c>http://app.internal</c>, <c>https://app.internal</c> (TLS) or
    /// <c>unix:/run/app.sock</c>.
    /// </summary>
    public required string Address { get; init; }

    /// <summary>Its share relative to the others; 0 takes none. Default: 1.</summary>
    [Range(0, 1_000_000, ErrorMessage = "must be between 0 and 1000000")]
    public int Weight { get; init; } = 1;

    /// <summary>0 is used first, higher numbers only when lower ones are down. Default: 0.</summary>
    [Range(0, 127, ErrorMessage = "must be between 0 and 127")]
    public int Priority { get; init; }

    /// <summary>Free facts about it, e.g. <c>{ zone: a }</c>. Default: none.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Reads the short form, an address.</summary>
    public static bool TryParse(string text, out EndpointConfig endpoint, out string error)
    {
        endpoint = new EndpointConfig { Address = text };
        error = "";
        return true;
    }
}
