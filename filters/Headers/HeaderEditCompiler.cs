using System.Text;

namespace FilterProxy.Filters.Headers;

/// <summary>Checks the options and turns them into edits.</summary>
internal static class HeaderEditCompiler
{
    /// <summary>The edits in the order they are applied; what is wrong goes to <paramref name="errors"/>.</summary>
    public static HeaderEdit[] Compile(string place, HeaderEditOptions options, List<string> errors)
    {
        var edits = new List<HeaderEdit>();
        edits.AddRange(options.Remove.Select(name => new HeaderEdit(HeaderEditKind.Remove, name, null)));
        edits.AddRange(options.Set.Select(field => new HeaderEdit(HeaderEditKind.Set, field.Key, field.Value)));
        edits.AddRange(options.Append.Select(field => new HeaderEdit(HeaderEditKind.Append, field.Key, field.Value)));
        foreach (var edit in edits)
        {
            var where = $"{place}.{Lower(edit.Kind)}.{edit.Name}";
            if (!HeaderName.IsToken(Encoding.UTF8.GetBytes(edit.Name)))
            {
                errors.Add($"{where}: '{edit.Name}' is no header name (RFC 9110 §5.1)");
            }
            else if (Refusal(KnownHeaders.Find(edit.NameBytes)) is { } why)
            {
                errors.Add($"{where}: {why}");
            }
            else if (edit.Constant is { } value && !HeaderName.IsValue(value))
            {
                errors.Add($"{where}: the value holds a control character (RFC 9110 §5.5)");
            }
        }

        return [.. edits];
    }

    /// <summary>Fields that say where a message ends or belong to one connection: the engine alone writes them.</summary>
    private static string? Refusal(KnownHeader header) => header switch
    {
        KnownHeader.Host => "Host follows the request's authority; what the upstream gets as Host is a setting of its cluster",
        KnownHeader.ContentLength or KnownHeader.TransferEncoding or KnownHeader.Trailer =>
            "it frames the message (RFC 9112 §6); change the body and it follows",
        KnownHeader.Connection or KnownHeader.KeepAlive or KnownHeader.ProxyConnection or KnownHeader.TE or KnownHeader.Upgrade =>
            "it belongs to one connection and is not forwarded (RFC 9110 §7.6.1)",
        KnownHeader.Expect => "it is part of how the body is sent (RFC 9110 §10.1.1)",
        _ => null,
    };

#pragma warning disable CA1308 // Options are written in lower case.
    private static string Lower(HeaderEditKind kind) => kind.ToString().ToLowerInvariant();
#pragma warning restore CA1308
}
