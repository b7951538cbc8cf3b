using FilterProxy.Core.Pipeline;

namespace FilterProxy.Host.Admin.Views;

/// <summary>The last exchanges that failed, or were answered with 500 and above.</summary>
/// <param name="Skipped">How many more failed and are not here, because too many came in one second.</param>
/// <param name="Errors">The last first.</param>
internal sealed record ErrorsView(long Skipped, IReadOnlyList<ExchangeRecord> Errors)
{
    public static ErrorsView Of(ProxyControl control, string? reason, string? route, int limit)
    {
        var (records, skipped) = control.Engine.Services.Watch.Errors.Read();
        return new ErrorsView(
            skipped, [.. records.Where(record => (reason is null || record.Reason == reason) && (route is null || record.Route == route)).Take(limit)]);
    }
}
