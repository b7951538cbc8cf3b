using System.Security.Cryptography;
using FilterProxy.Filters.Acme.Client;
using FilterProxy.Filters.Acme.Store;

namespace FilterProxy.Filters.Acme.Renewal;

/// <summary>The account at the CA: its key on disk, and where it is. Made once and used by all certificates of a store.</summary>
internal sealed class Account(AcmeOptions options, CertificateStore store) : IDisposable
{
    private static readonly TimeSpan LockPatience = TimeSpan.FromMinutes(1);
    private readonly (string Key, string Url) _files = store.AccountFiles(options);
    private AccountKey? _key;

    /// <summary>Whether it was there before.</summary>
    public bool IsStored { get; private set; }

    /// <summary>Opens the CA's directory with the account, which is made where there is none.</summary>
    public async Task<AcmeClient> OpenAsync(AcmeTransport transport, CancellationToken stop)
    {
        using var held = await LockAsync(stop);
        _key = LoadKey();
        var client = await AcmeClient.OpenAsync(transport, options.Directory, _key, stop);
        if (CertificateStore.Read(_files.Url) is { } url && Uri.TryCreate(url.Trim(), UriKind.Absolute, out var account))
        {
            (client.Account, IsStored) = (account, true);
        }
        else
        {
            await RegisterAsync(client, stop);
        }

        return client;
    }

    /// <summary>Makes it, or finds the one the key has.</summary>
    public async Task RegisterAsync(AcmeClient client, CancellationToken stop)
    {
        IsStored = false;
        await client.RegisterAsync(options, stop);
        CertificateStore.Write(_files.Url, client.Account!.AbsoluteUri);
    }

    public void Dispose() => _key?.Dispose();

    private AccountKey LoadKey()
    {
        if (CertificateStore.Read(_files.Key) is { } pem)
        {
            try
            {
                return AccountKey.FromPem(pem);
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException)
            {
                // Another key would be another account, and the limits of this one: that is for people to decide.
                throw new AcmeException($"The account key {_files.Key} cannot be read: {e.Message}", inner: e);
            }
        }

        var key = AccountKey.Create();
        CertificateStore.Write(_files.Key, key.ToPem());
        return key;
    }

    private async Task<IDisposable> LockAsync(CancellationToken stop)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (CertificateStore.TryLock(_files.Key) is { } held)
            {
                return held;
            }

            if (TimeProvider.System.GetElapsedTime(started) > LockPatience)
            {
                throw new AcmeException($"Another process has had {_files.Key}.lock for {LockPatience.TotalSeconds:0} s.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), stop);
        }
    }
}
