namespace FilterProxy.Filters.Lib.Grpc;

/// <summary>The codes of gRPC and the statuses of HTTP, as Envoy maps them to each other.</summary>
internal static class GrpcStatus
{
    /// <summary>OK.</summary>
    public const int Ok = 0;

    /// <summary>UNKNOWN.</summary>
    public const int Unknown = 2;

    private static readonly int[] HttpByCode = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];

    /// <summary>The code an HTTP status stands for.</summary>
    public static int FromHttp(int status) => status switch
    {
        200 => Ok,
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 or 502 or 503 or 504 => 14,
        _ => Unknown,
    };

    /// <summary>The HTTP status for a code.</summary>
    public static int ToHttp(int code) => code >= 0 && code < HttpByCode.Length ? HttpByCode[code] : 500;
}
