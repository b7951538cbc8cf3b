using System.Buffers;
using System.Buffers.Text;

namespace FilterProxy;

/// <summary>The status of a gRPC call: a trailer, or a header field of a response without a body.</summary>
internal static class TemplateGrpc
{
    // By number, as the gRPC specification lists them.
    private static readonly string[] Names =
    [
        "OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists", "PermissionDenied",
        "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented", "Internal", "Unavailable", "DataLoss",
        "Unauthenticated",
    ];

    /// <summary><c>GRPC_STATUS</c> and <c>GRPC_STATUS(CAMEL_STRING)</c> give a name, <c>GRPC_STATUS(NUMBER)</c> the number.</summary>
    public static TemplateValue? BindStatus(string argument, TemplateMask? mask, out string error)
    {
        error = argument is "" or "CAMEL_STRING" or "NUMBER" ? "" : $"'{argument}' is not CAMEL_STRING or NUMBER";
        return error.Length > 0 ? null : argument == "NUMBER" ? WriteNumber : WriteName;
    }

    public static bool WriteNumber(HttpExchange exchange, IBufferWriter<byte> output) =>
        TryFind(exchange, out var value) && Utf8Parser.TryParse(value, out int number, out var read) && read == value.Length && output.WriteNumber(number);

    private static bool WriteName(HttpExchange exchange, IBufferWriter<byte> output)
    {
        if (!TryFind(exchange, out var value))
        {
            return false;
        }

        return Utf8Parser.TryParse(value, out int number, out var read) && read == value.Length && number >= 0 && number < Names.Length
            ? output.WriteText(Names[number])
            : output.WriteBytes(value);
    }

    private static bool TryFind(HttpExchange exchange, out ReadOnlySpan<byte> value) =>
        exchange.Response.Trailers.TryGet("grpc-status"u8, out value) || exchange.Response.Headers.TryGet("grpc-status"u8, out value);
}
