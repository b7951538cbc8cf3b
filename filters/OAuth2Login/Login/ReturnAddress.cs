using System.Text;

namespace FilterProxy.Filters.OAuth2Login.Login;

/// <summary>Where one comes back to after a login: a path of this site, and nothing a browser could take for another.</summary>
internal static class ReturnAddress
{
    private const int Longest = 2000;

    /// <summary>
    /// Whether a browser stays on this site with it. It takes <c>//</c> and <c>/\</c> for the beginning of a host, drops tabs and line ends, and
    /// knows no other scheme without a colon, which cannot stand before the first slash (WHATWG URL, relative-slash state).
    /// </summary>
    public static bool IsLocal(string address) =>
        address.Length is > 0 and <= Longest && address[0] == '/' && (address.Length == 1 || address[1] != '/')
            && address.All(c => c is > ' ' and <= '~' and not ('\\' or '#'));

    /// <summary>The page a request asks for, or the first page where it cannot be come back to.</summary>
    /// <param name="request">The request.</param>
    /// <param name="ownPath">The filter's own paths, which nobody comes back to.</param>
    public static string Of(RequestHead request, byte[] ownPath)
    {
        if (request.MethodKind is not (HttpMethodKind.Get or HttpMethodKind.Head) || request.Path.StartsWith(ownPath))
        {
            return "/";
        }

        var address = request.HasQuery ? $"{request.PathText}?{request.QueryText}" : request.PathText;
        return IsLocal(address) ? address : "/";
    }

    /// <summary>The page a parameter names, or the first page where it names none of this site.</summary>
    public static string OfParameter(ReadOnlySpan<byte> encoded)
    {
        var address = Uri.UnescapeDataString(Encoding.Latin1.GetString(encoded));
        return IsLocal(address) ? address : "/";
    }
}
