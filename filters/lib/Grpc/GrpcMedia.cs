namespace FilterProxy.Filters.Lib.Grpc;

/// <summary>The media types of gRPC and gRPC-Web: a name, then perhaps <c>+proto</c> or another suffix, then perhaps parameters.</summary>
internal static class GrpcMedia
{
    /// <summary><c>application/grpc</c></summary>
    public static ReadOnlySpan<byte> Grpc => "application/grpc"u8;

    /// <summary>Whether a value is that type; what follows its name, such as <c>+proto</c>, goes to <paramref name="rest"/>.</summary>
    public static bool Is(ReadOnlySpan<byte> value, ReadOnlySpan<byte> type, out ReadOnlySpan<byte> rest)
    {
        rest = default;
        if (value.Length < type.Length || !HeaderName.Equals(value[..type.Length], type)
            || (value.Length > type.Length && value[type.Length] is not ((byte)'+' or (byte)';' or (byte)' ')))
        {
            return false;
        }

        rest = value[type.Length..];
        return true;
    }

    /// <summary>Sets Content-Type to a type and what followed the old one's name.</summary>
    public static void Set(HeaderMap headers, ReadOnlySpan<byte> type, ReadOnlySpan<byte> rest)
    {
        var value = rest.Length <= 128 ? stackalloc byte[type.Length + rest.Length] : new byte[type.Length + rest.Length];
        type.CopyTo(value);
        rest.CopyTo(value[type.Length..]);
        headers.Set(KnownHeader.ContentType, value);
    }
}
