using System.Buffers;
using System.Net.Security;
using System.Security.Authentication;
using System.Text;

namespace FilterProxy;

/// <summary>Operators over the request line: path, query, cookies, host.</summary>
internal static class TemplateRequest
{
    public static ReadOnlySpan<byte> Protocol(HttpVersionKind version) => version switch
    {
        HttpVersionKind.Http10 => "HTTP/1.0"u8,
        HttpVersionKind.Http2 => "HTTP/2"u8,
        HttpVersionKind.Http3 => "HTTP/3"u8,
        _ => "HTTP/1.1"u8,
    };

#pragma warning disable CA5397, CA5398, SYSLIB0039 // Naming an old version is not using it.
    public static string? TlsVersion(SslProtocols protocol) => protocol switch
    {
        SslProtocols.Tls => "TLSv1",
        SslProtocols.Tls11 => "TLSv1.1",
        SslProtocols.Tls12 => "TLSv1.2",
        SslProtocols.Tls13 => "TLSv1.3",
        _ => null,
    };
#pragma warning restore CA5397, CA5398, SYSLIB0039

    /// <summary>The name in the IANA registry.</summary>
    public static string? TlsCipher(TlsCipherSuite? suite) => suite is { } known ? Enum.GetName(known) : null;

    /// <summary>The texts of a list with commas between them; nothing for none.</summary>
    public static bool WriteList(IReadOnlyList<string>? texts, IBufferWriter<byte> output)
    {
        for (var i = 0; i < texts?.Count; i++)
        {
            if (i > 0)
            {
                output.Write(","u8);
            }

            output.WriteText(texts[i]);
        }

        return texts is { Count: > 0 };
    }

    /// <summary><c>PATH(WQ)</c> with the query (the default), <c>PATH(NQ)</c> without; <c>:ORIG</c> takes the target as the client sent it.</summary>
    public static TemplateValue? BindPath(string argument, TemplateMask? mask, out string error)
    {
        error = "";
        switch (argument)
        {
            case "" or "WQ" or "WQ:PATH":
                return (x, o) => WritePathAndQuery(x.Request, mask, o);
            case "NQ" or "NQ:PATH":
                return static (x, o) => !x.Request.Path.IsEmpty && o.WriteBytes(x.Request.Path);
            case "WQ:ORIG":
                return (x, o) => WriteTarget(x.Request.OriginalTarget, mask, o);
            case "NQ:ORIG":
                return (x, o) =>
                {
                    var target = x.Request.OriginalTarget;
                    var query = target.IndexOf((byte)'?');
                    return WriteTarget(query < 0 ? target : target[..query], mask, o);
                };
            default:
                error = $"'{argument}' is not WQ (with query) or NQ (without), optionally followed by ':ORIG' or ':PATH'";
                return null;
        }
    }

    /// <summary>The first value of a query parameter as it stands, percent-encoding included.</summary>
    public static TemplateValue? BindQueryParameter(string argument, TemplateMask? mask, out string error)
    {
        var name = Encoding.UTF8.GetBytes(argument);
        error = "";
        if (mask is not null && mask.HidesParameter(name))
        {
            return (x, o) => x.Request.TryGetQuery(name, out _) && o.WriteBytes(TemplateMask.Hidden);
        }

        return (x, o) => x.Request.TryGetQuery(name, out var value) && o.WriteBytes(value);
    }

    /// <summary>A cookie's value as it stands (RFC 6265 §4.2.1).</summary>
    public static TemplateValue? BindCookie(string argument, TemplateMask? mask, out string error)
    {
        var name = Encoding.UTF8.GetBytes(argument);
        error = "";
        if (mask is not null && mask.HidesCookie(argument))
        {
            return (x, o) => x.Request.TryGetCookie(name, out _) && o.WriteBytes(TemplateMask.Hidden);
        }

        return (x, o) => x.Request.TryGetCookie(name, out var value) && o.WriteBytes(value);
    }

    public static TemplateValue? BindQuery(string argument, TemplateMask? mask, out string error)
    {
        error = "";
        return (x, o) =>
        {
            WriteQuery(x.Request.Query, mask, o);
            return x.Request.HasQuery;
        };
    }

    public static bool WritePathAndQuery(RequestHead request, TemplateMask? mask, IBufferWriter<byte> output)
    {
        if (request.Path.IsEmpty)
        {
            return false;
        }

        output.Write(request.Path);
        if (request.HasQuery)
        {
            output.Write("?"u8);
            WriteQuery(request.Query, mask, output);
        }

        return true;
    }

    private static void WriteQuery(ReadOnlySpan<byte> query, TemplateMask? mask, IBufferWriter<byte> output)
    {
        if (mask is null)
        {
            output.Write(query);
        }
        else
        {
            mask.WriteParameters(query, output);
        }
    }

    private static bool WriteTarget(ReadOnlySpan<byte> target, TemplateMask? mask, IBufferWriter<byte> output)
    {
        if (mask is null)
        {
            output.Write(target);
        }
        else
        {
            mask.WriteAddress(target, output);
        }

        return !target.IsEmpty;
    }

    /// <summary>The authority without its port; an IPv6 literal keeps its brackets.</summary>
    public static bool WriteHost(ReadOnlySpan<byte> authority, IBufferWriter<byte> output)
    {
        var colon = authority.LastIndexOf((byte)':');
        if (colon > authority.LastIndexOf((byte)']'))
        {
            authority = authority[..colon];
        }

        return !authority.IsEmpty && output.WriteBytes(authority);
    }
}
