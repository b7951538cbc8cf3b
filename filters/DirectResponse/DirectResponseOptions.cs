using System.ComponentModel.DataAnnotations;
using System.Text;

namespace FilterProxy.Filters.DirectResponse;

/// <summary>Options of <see cref="DirectResponseFilter"/>.</summary>
public sealed record DirectResponseOptions : IValidatableObject
{
    /// <summary>Status, 200 to 599. Default: 200.</summary>
    [Range(200, 599, ErrorMessage = "must be between 200 and 599")]
    public int Status { get; init; } = 200;

    /// <summary>The body, with operators: in HTML, XML and JSON what they give is escaped. Default: none.</summary>
    public Template? Body { get; init; }

    /// <summary>A file that is the body, as it is. A change of the file is taken over. Default: none.</summary>
    public string? File { get; init; }

    /// <summary>Content-Type of the body. Default: `text/plain; charset=utf-8`.</summary>
    public string ContentType { get; init; } = "text/plain; charset=utf-8";

    /// <summary>Further headers. A value that is not there sends none.</summary>
    public IReadOnlyDictionary<string, Template> Headers { get; init; } = new Dictionary<string, Template>();

    /// <summary>Only for these methods. Default: all.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary>Reason code in logs and metrics. Default: direct_response.</summary>
    [RegularExpression("[a-z][a-z0-9_]{0,63}", ErrorMessage = "must be lower case letters, digits and underscores")]
    public string? Reason { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Body is not null && File is not null)
        {
            yield return new("body and file are the same thing: write one of them", [nameof(File)]);
        }

        foreach (var name in Headers.Keys.Where(name => !HeaderName.IsToken(Encoding.UTF8.GetBytes(name)) || IsFraming(KnownHeaders.Find(Encoding.ASCII.GetBytes(name)))))
        {
            yield return new($"'{name}' is no header name, or one that the engine alone writes", [nameof(Headers)]);
        }

        if (!HeaderName.IsValue(Encoding.Latin1.GetBytes(ContentType)))
        {
            yield return new("the value holds a control character", [nameof(ContentType)]);
        }
    }

    private static bool IsFraming(KnownHeader header) =>
        header is KnownHeader.ContentLength or KnownHeader.TransferEncoding or KnownHeader.Trailer or KnownHeader.Connection or KnownHeader.KeepAlive
            or KnownHeader.ProxyConnection or KnownHeader.Upgrade or KnownHeader.ContentType;
}
