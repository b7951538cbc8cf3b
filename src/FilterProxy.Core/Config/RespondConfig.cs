using System.Collections.ObjectModel;
using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>Answers with a fixed response.</summary>
internal sealed record RespondConfig
{
    /// <summary>Status code, 200 to 599. Default: 200.</summary>
    [Range(200, 599, ErrorMessage = "must be between 200 and 599")]
    public int Status { get; init; } = 200;

    /// <summary>Text of the body, sent as UTF-8. Default: none.</summary>
    public string? Body { get; init; }

    /// <summary>Content-Type of the body. Default: text/plain; charset=utf-8.</summary>
    public string ContentType { get; init; } = "text/plain; charset=utf-8";

    /// <summary>Further headers, by name. Default: none.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = ReadOnlyDictionary<string, string>.Empty;
}
