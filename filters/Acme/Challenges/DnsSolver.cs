using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.Acme.Challenges;

/// <summary>dns-01: the proof is a TXT record, which the operator's own program sets and removes.</summary>
internal sealed class DnsSolver(DnsOptions options, string folder, TimeProvider time, ILogger logger) : IChallengeSolver
{
    private readonly HookProgram _program = new(options.Command, folder, options.Timeout);

    public async Task PresentAsync(string name, string token, string authorization, CancellationToken stop) =>
        await _program.RunAsync("present", name, RecordOf(name), ValueOf(authorization), stop);

    public Task SettleAsync(CancellationToken stop) => options.Wait > TimeSpan.Zero ? Task.Delay(options.Wait, time, stop) : Task.CompletedTask;

    public async Task RemoveAsync(string name, string token, string authorization)
    {
        try
        {
            await _program.RunAsync("cleanup", name, RecordOf(name), ValueOf(authorization), CancellationToken.None);
        }
        catch (Client.AcmeException e)
        {
            Log.CleanupFailed(logger, name, e.Message);
        }
    }

    private static string RecordOf(string name) => $"_acme-challenge.{name}";

    // RFC 8555 §8.4.
    private static string ValueOf(string authorization) => Client.Base64.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(authorization)));
}
