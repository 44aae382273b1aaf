/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/client/shell/faulty_vfs.h"

#include "tests/support/test.h"

#include <sqlite3.h>
#include <string.h>

static struct faulty_vfs *control;
static sqlite3_vfs *below;

struct faulty_file {
    sqlite3_file base; /* first, so that a cast back is valid */
    sqlite3_file *real;
};

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct faulty_file *)f)->real;
}

static bool fails(void)
{
    unsigned call = ++control->calls;
    bool now = control->fail_at &&
               (call == control->fail_at || (control->forever && call > control->fail_at));

    control->failures += now;
    return now;
}

static int faulty_write(sqlite3_file *f, const void *data, int size, sqlite3_int64 offset)
{
    sqlite3_file *real = real_of(f);

    if (fails()) {
        (void)real->pMethods->xWrite(real, data, size / 2, offset);
        return control->code;
    }
    return real->pMethods->xWrite(real, data, size, offset);
}

static int faulty_sync(sqlite3_file *f, int flags)
{
    (void)f;
    (void)flags;
    return fails() ? control->code : SQLITE_OK; /* no test here pulls the plug: thousands of real
                                                  * syncs would show nothing more */
}

static int faulty_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return fails() ? control->code : real_of(f)->pMethods->xTruncate(real_of(f), size);
}

/* ---- all else is passed on ---- */

#define PASS(type, name, params, ...)                                                              \
    static type pass_##name params { return real_of(f)->pMethods->name(real_of(f), ##__VA_ARGS__); }

PASS(int, xRead, (sqlite3_file * f, void *data, int size, sqlite3_int64 at), data, size, at)
PASS(int, xFileSize, (sqlite3_file * f, sqlite3_int64 *size), size)
PASS(int, xLock, (sqlite3_file * f, int level), level)
PASS(int, xUnlock, (sqlite3_file * f, int level), level)
PASS(int, xCheckReservedLock, (sqlite3_file * f, int *out), out)
PASS(int, xFileControl, (sqlite3_file * f, int op, void *arg), op, arg)
PASS(int, xShmMap, (sqlite3_file * f, int page, int size, int extend, void volatile **out), page,
     size, extend, out)
PASS(int, xShmLock, (sqlite3_file * f, int offset, int n, int flags), offset, n, flags)
PASS(int, xShmUnmap, (sqlite3_file * f, int remove), remove)

static int pass_xClose(sqlite3_file *f)
{
    int code = real_of(f)->pMethods->xClose(real_of(f));

    sqlite3_free(real_of(f));
    return code;
}

static int pass_xSectorSize(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int pass_xDeviceCharacteristics(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static void pass_xShmBarrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int faulty_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *f, int flags, int *out)
{
    static const sqlite3_io_methods methods = {
        .iVersion = 2,
        .xClose = pass_xClose,
        .xRead = pass_xRead,
        .xWrite = faulty_write,
        .xTruncate = faulty_truncate,
        .xSync = faulty_sync,
        .xFileSize = pass_xFileSize,
        .xLock = pass_xLock,
        .xUnlock = pass_xUnlock,
        .xCheckReservedLock = pass_xCheckReservedLock,
        .xFileControl = pass_xFileControl,
        .xSectorSize = pass_xSectorSize,
        .xDeviceCharacteristics = pass_xDeviceCharacteristics,
        .xShmMap = pass_xShmMap,
        .xShmLock = pass_xShmLock,
        .xShmBarrier = pass_xShmBarrier,
        .xShmUnmap = pass_xShmUnmap,
    };
    struct faulty_file *file = (struct faulty_file *)f;
    int code;

    (void)vfs;
    *file = (struct faulty_file){.real = sqlite3_malloc(below->szOsFile)};
    assert_non_null(file->real);
    memset(file->real, 0, (size_t)below->szOsFile);
    code = below->xOpen(below, name, file->real, flags, out);
    if (code) {
        sqlite3_free(file->real);
        return code;
    }
    file->base.pMethods = &methods;
    return SQLITE_OK;
}

void faulty_vfs_install(struct faulty_vfs *f)
{
    static sqlite3_vfs vfs;

    control = f;
    if (below)
        return;
    assert_int_equal(sqlite3_initialize(), SQLITE_OK);
    below = sqlite3_vfs_find(NULL);
    vfs = *below;
    vfs.szOsFile = sizeof(struct faulty_file);
    vfs.zName = "faulty";
    vfs.pNext = NULL;
    vfs.xOpen = faulty_open;
    assert_int_equal(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}
