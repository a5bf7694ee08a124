package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
	"github.com/stretchr/testify/require"
)

// useDisk makes the fleet command write to a disk, which FLEET_TEST_DISK configures: "full", or the number of the write
// at which the process is killed (0: never).
func useDisk() {
	conf := os.Getenv("FLEET_TEST_DISK")
	if conf == "" {
		return
	}
	standard, ok := vfs.Find("os").(vfs.VFSFilename)
	if !ok {
		panic("the driver's VFS has changed")
	}
	killAt, _ := strconv.Atoi(conf)
	disk := &disk{VFSFilename: standard, full: conf == "full", killAt: killAt}
	vfs.Register("disk", disk)
	writing.Set("vfs", "disk")
	vfs.Register(readersVFS, readers{disk})
}

// disk is the file system as SQLite sees it. Of each file it keeps a copy of what was synced, which is what a power cut
// leaves.
type disk struct {
	vfs.VFSFilename
	full   bool
	killAt int

	mu     sync.Mutex
	writes int
}

const synced = ".synced"

func (d *disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	file, flags, err := d.VFSFilename.OpenFilename(name, flags)
	if err != nil || name.String() == "" {
		return file, flags, err
	}
	return &diskFile{file, name.String(), d}, flags, nil
}

func (d *disk) Delete(name string, syncDir bool) error {
	_ = os.Remove(name + synced) // may not be there
	return d.VFSFilename.Delete(name, syncDir)
}

// write counts a write or a sync, and kills the process if it is the one.
func (d *disk) write(path string) error {
	if d.full {
		return sqlite3.FULL // the driver's own file system makes it of ENOSPC
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.writes++; d.writes == d.killAt {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return os.WriteFile(filepath.Join(filepath.Dir(path), "writes"), []byte(strconv.Itoa(d.writes)), 0o600)
}

type diskFile struct {
	vfs.File
	path string
	disk *disk
}

func (f *diskFile) SharedMemory() vfs.SharedMemory {
	if shared, ok := f.File.(vfs.FileSharedMemory); ok {
		return shared.SharedMemory()
	}
	return nil
}

func (f *diskFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.disk.write(f.path); err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, off)
}

func (f *diskFile) Sync(flags vfs.SyncFlag) error {
	if err := f.disk.write(f.path); err != nil {
		return err
	}
	if err := f.File.Sync(flags); err != nil {
		return err
	}
	data, err := os.ReadFile(f.path)
	if err != nil {
		return err
	}
	return os.WriteFile(f.path+synced, data, 0o600)
}

// startDisk makes what is in the database now the part that is on the disk.
func startDisk(tb testing.TB, database string) {
	tb.Helper()
	data, err := os.ReadFile(database)
	require.NoError(tb, err)
	require.NoError(tb, os.WriteFile(database+synced, data, 0o600))
}

// afterPowerCut returns a copy of the database with what was synced of it.
func afterPowerCut(tb testing.TB, database string) string {
	tb.Helper()
	left := filepath.Join(tb.TempDir(), "left.db")
	for _, suffix := range []string{"", "-wal", "-journal"} {
		data, err := os.ReadFile(database + suffix + synced)
		if os.IsNotExist(err) && suffix != "" {
			continue
		}
		require.NoError(tb, err)
		require.NoError(tb, os.WriteFile(left+suffix, data, 0o600))
	}
	return left
}

// at returns the fleet with another database.
func (f *fleet) at(tb testing.TB, database string, env ...string) *fleet {
	tb.Helper()
	return &fleet{TB: tb, Server: f.Server, database: database, arrived: f.arrived, ledger: f.ledger,
		env: append(append(strings.Split(strings.Join(f.env, "\x00"), "\x00"), "FLEET_DATABASE="+database), env...)}
}
