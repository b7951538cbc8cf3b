namespace FilterProxy.Core.Config;

/// <summary>Whether clients show certificates.</summary>
internal enum ClientCertificateMode
{
    /// <summary>They are not asked.</summary>
    None,

    /// <summary>They may; one that is shown must hold.</summary>
    Optional,

    /// <summary>They must.</summary>
    Required,
}
