using System.Text;
using FilterProxy.Filters.Waf.Engine;

namespace FilterProxy.Filters.Waf;

/// <summary>The answers of the firewall itself.</summary>
internal static class Refusal
{
    private const string TextType = "text/plain; charset=utf-8";

    /// <summary>Does what a rule decided.</summary>
    public static FilterStatus Give(HttpExchange exchange, Interception interception)
    {
        switch (interception.Kind)
        {
            case Disruption.Drop:
                exchange.Abort("waf_dropped");
                break;
            case Disruption.Redirect:
                exchange.Reply(interception.Status, "waf_redirected");
                exchange.Response.Headers.Set(KnownHeader.Location, Encoding.Latin1.GetBytes(interception.Location));
                break;
            default:
                exchange.Reply(interception.Status, "waf_denied", "Request refused (waf_denied)\n"u8.ToArray(), TextType);
                break;
        }

        return FilterStatus.Stop;
    }

    public static FilterStatus OfRequestBody(HttpExchange exchange)
    {
        exchange.Reply(413, "waf_body_too_large", "Request body too large (waf_body_too_large)\n"u8.ToArray(), TextType);
        return FilterStatus.Stop;
    }

    public static void OfResponseBody(HttpExchange exchange) =>
        exchange.Reply(502, "waf_response_too_large", "Response body too large (waf_response_too_large)\n"u8.ToArray(), TextType);

    /// <summary>Of what could not be inspected.</summary>
    public static FilterStatus OfFailure(HttpExchange exchange)
    {
        exchange.Reply(500, "waf_failed", "Not inspected (waf_failed)\n"u8.ToArray(), TextType);
        return FilterStatus.Stop;
    }
}
