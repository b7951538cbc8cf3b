using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.Filters.ApiKey;

/// <summary><c>filterproxy new_api_key</c>: makes a key and what is written down of it.</summary>
[Component("new_api_key")]
public sealed class NewApiKeyCommand : ICommand
{
    private const int WrongCommandLine = 1;

    /// <inheritdoc/>
    public async ValueTask<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(output);
        if (arguments.Count > 0)
        {
            await output.WriteLineAsync("usage: filterproxy new_api_key\n\nPrints a new key, for its owner alone, and its hash, for keys or keys_file of api_key.");
            return WrongCommandLine;
        }

        var key = $"fp_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}";
        await output.WriteLineAsync($"key:  {key}\nhash: {KeyDigest.Of(Encoding.ASCII.GetBytes(key))}");
        return 0;
    }
}
